// The door to codecs of DICOM pixels in a supervised child process.
export { createDicomCodecs, type DicomCodecOptions, type OpenDicomCodecs } from './codecs.ts'
