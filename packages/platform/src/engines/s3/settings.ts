// The settings of blobs on S3.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set; without a bucket, blobs lie on disk. */
export const s3Settings = {
  bucket: {
    env: 'BLOBS_S3_BUCKET',
    kind: 'text',
    about: 'Bucket for images and models; without it they lie in the data folder',
  },
  url: {
    env: 'BLOBS_S3_URL',
    kind: 'text',
    about: 'Address of an S3-compatible server, e.g. http://127.0.0.1:9000; AWS when unset',
  },
  region: { env: 'BLOBS_S3_REGION', kind: 'text', fallback: 'us-east-1', about: 'Region of the bucket' },
  accessKey: {
    env: 'BLOBS_S3_ACCESS_KEY',
    kind: 'text',
    secret: true,
    about: 'Access key of the bucket; the usual places of the AWS SDK are asked when unset',
  },
  secretKey: { env: 'BLOBS_S3_SECRET_KEY', kind: 'text', secret: true, about: 'Secret key of the bucket' },
  prefix: {
    env: 'BLOBS_S3_PREFIX',
    kind: 'text',
    fallback: '',
    about: 'Put before every key, e.g. `hospital/`, when the bucket holds other things too',
  },
} as const satisfies SettingSpecs
