// Served models for every room: a Triton where one is named, else our own inference service, here or in another process.
import { createKserveModels, type SendRequest } from '../engines/kserve/index.ts'
import type { CallService, Models } from '../kernel/ports.ts'

const timeoutMs = 120_000

/** The port `models`. */
export function servedModels(tritonUrl: string | undefined, call: CallService): Models {
  if (tritonUrl === undefined) {
    const send: SendRequest = (path, init) => call('inference')(path, { ...init, timeoutMs })
    return createKserveModels({ send, timeoutMs })
  }
  const base = tritonUrl.replace(/\/+$/, '')
  return createKserveModels({ send: (path, init) => fetch(`${base}${path}`, init), timeoutMs })
}
