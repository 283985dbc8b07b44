// The door to what an image says of itself, without the parser of files: for viewers, which read the DICOM JSON Model.
export * from './geometry.ts'
export * from './model.ts'
export * from './pixels.ts'
