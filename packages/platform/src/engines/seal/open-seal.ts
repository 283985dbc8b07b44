// Loads SEAL (node-seal, WebAssembly) into this process.
import type { SealModule } from '@xinglin/core/ckks'

/** Initialises SEAL; takes some 30 ms. For the computing process and the key owner's own programs. */
export async function openSeal(): Promise<SealModule> {
  const { initialize } = await import('node-seal')
  // The types that node-seal generates name each enumeration value; ours names the part that is used.
  return (await initialize()) as unknown as SealModule
}
