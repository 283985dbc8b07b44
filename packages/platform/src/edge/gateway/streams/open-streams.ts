// The long connections of this process: bounded in number, and ended when the gateway stops.
import { AppError } from '@xinglin/core/errors'

/** Every open WebSocket and gRPC call. */
export interface OpenStreams {
  /** Counts one that begins. @throws AppError 'unavailable' when there are too many */
  open(kind: 'websocket' | 'grpc', end: () => void): () => void
  /** Ends them all. */
  closeAll(): void
}

/** Creates the count; `onChange` hears of each beginning and end. */
export function createOpenStreams(
  maxStreams: number,
  onChange: (kind: 'websocket' | 'grpc', change: 1 | -1) => void,
): OpenStreams {
  const ends = new Set<() => void>()
  return {
    open(kind, end) {
      if (ends.size >= maxStreams) {
        throw new AppError('unavailable', 'Too many streams are open; try again later', { retryAfterSeconds: 5 })
      }
      ends.add(end)
      onChange(kind, 1)
      return () => {
        if (ends.delete(end)) onChange(kind, -1)
      }
    },
    closeAll() {
      for (const end of [...ends]) end()
    },
  }
}
