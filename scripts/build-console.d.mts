// Types of build-console.mjs.
/** Says what was done and how long it took. */
export interface ConsoleBuild {
  readonly built: boolean
  readonly reason: string
  readonly elapsedMs: number
  readonly folder: string
}
/** Builds packages/console into its dist folder when a source changed since the last build (or `force` is set). */
export function buildConsole(options?: { readonly force?: boolean }): Promise<ConsoleBuild>
/** Whether the dist folder holds what the sources would give. */
export function isConsoleCurrent(): Promise<boolean>
