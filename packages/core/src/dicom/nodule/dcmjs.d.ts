// The little of dcmjs that tests use as a second reader; the package brings no types of its own.
declare module 'dcmjs' {
  interface NaturalDataset {
    readonly NumberOfFrames: number | string
    readonly SegmentSequence: readonly { readonly SegmentLabel: string }[] | { readonly SegmentLabel: string }
    readonly PixelData: readonly ArrayBuffer[] | ArrayBuffer
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: { readFile(file: ArrayBuffer): { readonly dict: object } }
      readonly DicomMetaDictionary: { naturalizeDataset(dict: object): NaturalDataset }
      readonly BitArray: { unpack(packed: ArrayBuffer): Uint8Array }
    }
  }
  export default dcmjs
}
