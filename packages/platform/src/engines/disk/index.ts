// The door to engines on disk.
export { openDiskBlobs } from './blobs.ts'
