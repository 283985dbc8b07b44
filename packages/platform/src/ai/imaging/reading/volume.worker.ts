// The worker thread's side of a reading.
import { serveJobs } from '../../../kernel/worker-jobs.ts'
import { runVolumeJob, type VolumeJob, type VolumeResult } from './volume-jobs.ts'

serveJobs<VolumeJob, VolumeResult>((job) => ({ result: runVolumeJob(job) }))
