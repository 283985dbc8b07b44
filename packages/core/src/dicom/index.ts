// The door to DICOM: headers as the DICOM JSON Model, pixels as Hounsfield units, slices as volumes; pure, for server and browser.
export { bulkDataAt, metadataOf } from './dicom-json.ts'
export { keywordOf, tagOf, vrOf } from './dictionary.ts'
export { compressedFrames } from './fragments.ts'
export * from './geometry.ts'
export { type DicomHeader, isPart10, readHeader } from './header.ts'
export * from './model.ts'
export * from './pixels.ts'
export { explicitLittleEndian, implicitLittleEndian, transferSyntaxes, transferSyntaxOf } from './transfer-syntaxes.ts'
