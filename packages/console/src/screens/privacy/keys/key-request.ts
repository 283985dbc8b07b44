// What the page and the worker that makes keys say to one another (types only).

/** Parameters by name, as the command line has them. */
export type KeyParameters = 'two-levels' | 'four-levels'

/** What the page asks for. */
export interface KeyRequest {
  readonly parameters: KeyParameters
}

/** Files of TenSEAL: one to keep, one for everybody. */
export interface MadeKeys {
  readonly secret: Uint8Array<ArrayBuffer>
  readonly shared: Uint8Array<ArrayBuffer>
}

/** The worker's answer; `error` is in English. */
export type KeyAnswer =
  | { readonly kind: 'made'; readonly keys: MadeKeys }
  | { readonly kind: 'failed'; readonly error: string }
