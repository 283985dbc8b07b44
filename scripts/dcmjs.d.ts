// Types of the part of dcmjs that the generator of the dictionary reads: the package comes without any.
declare module 'dcmjs' {
  interface DictionaryEntry {
    readonly tag: string
    readonly vr: string
    readonly name: string
    readonly version?: string
  }
  const dcmjs: {
    readonly data: { readonly DicomMetaDictionary: { readonly nameMap: Readonly<Record<string, DictionaryEntry>> } }
  }
  export default dcmjs
}
