// The door to blobs on S3.
export { type OpenBlobs, openS3Blobs, type S3Settings } from './blobs.ts'
export { s3Settings } from './settings.ts'
