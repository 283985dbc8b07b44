// Gives the memory of large short-lived bytes back at once: left to the collector, every few dozen of them cost a full collection.

const worthwhileBytes = 4096

/**
 * Frees bytes that nobody will look at again; they are empty afterwards. Does nothing where they are a part of a larger
 * buffer, which others may see.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < worthwhileBytes || byteLength !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
