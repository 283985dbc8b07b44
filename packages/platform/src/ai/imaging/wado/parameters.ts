// The parts of an address under /dicom-web.
import { Type } from 'typebox'

/** UIDs of an address; the routes that have no series or instance leave them out. */
export interface ImageParameters {
  readonly study: string
  readonly series?: string
  readonly instance?: string
  /** Frame numbers from 1, separated by commas. */
  readonly frames?: string
}

const Uid = Type.String({ pattern: '^[0-9.]{1,64}$' })

/** Schema of the parts of an address. */
export const addressParameters = {
  params: Type.Object({
    study: Type.Optional(Uid),
    series: Type.Optional(Uid),
    instance: Type.Optional(Uid),
    frames: Type.Optional(Type.String({ pattern: '^[0-9]{1,7}(,[0-9]{1,7}){0,999}$' })),
    '*': Type.Optional(Type.String({ pattern: '^[0-9A-Fa-f]{8}(/[0-9]{1,6}/[0-9A-Fa-f]{8}){0,16}$' })),
  }),
}
