// Who may see, store and delete images: roles grant, scopes narrow, and a patient sees the own studies only (pure).
import { AppError } from '@xinglin/core/errors'
import type { Caller, Role } from '../../kernel/caller.ts'

/** What somebody wants to do with images. */
export type ImagingUse = 'read' | 'create' | 'delete'

/** What a caller may see. */
export interface ImagingAccess {
  /** Id of the Patient whose studies alone are seen; undefined for all. */
  readonly patient: string | undefined
  /** Ids of patients who withhold their studies from the caller, and `patient/study UID` of single ones. */
  readonly withheld: readonly string[]
}

/** What the room itself sees, for its own work. */
export const everyStudy: ImagingAccess = Object.freeze({ patient: undefined, withheld: [] })

/** The studies as records: the EMR keeps each as an ImagingStudy whose id is the Study Instance UID. */
export const studyRecords = Object.freeze({
  type: 'ImagingStudy',
  isId: (id: string): boolean => /^[0-9.]{1,64}$/.test(id),
})

const rolesFor: Readonly<Record<ImagingUse, readonly Role[]>> = {
  read: ['system', 'admin', 'clinician', 'radiologist'],
  create: ['system', 'admin', 'clinician', 'radiologist'],
  delete: ['system', 'admin'],
}
const letters: Readonly<Record<ImagingUse, string>> = { read: 'r', create: 'c', delete: 'd' }
const versionOne: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }
// SMART App Launch scopes over imaging studies; others grant nothing here.
const scopePattern = /^(patient|user|system)\/(?:\*|ImagingStudy)\.(read|write|\*|c?r?u?d?s?)$/

function levelsFor(caller: Caller, use: ImagingUse): readonly string[] {
  return caller.scopes.flatMap((scope) => {
    const [, level = '', verbs = ''] = scopePattern.exec(scope) ?? []
    return (versionOne[verbs] ?? verbs).includes(letters[use]) ? [level] : []
  })
}

function refuse(): never {
  throw new AppError('forbidden', 'You may not do this with images')
}

function bound(caller: Caller): Pick<ImagingAccess, 'patient'> {
  if (caller.patient === undefined) refuse()
  return { patient: caller.patient }
}

/**
 * Whose studies a caller may see while doing something, by roles and scopes.
 * @throws AppError 'forbidden'
 */
export function imagingAccess(caller: Caller, use: ImagingUse): Pick<ImagingAccess, 'patient'> {
  const isStaff = caller.roles.some((role) => rolesFor[use].includes(role))
  const isPatient = use === 'read' && caller.roles.includes('patient')
  if (!isStaff && !isPatient) refuse()
  const levels = levelsFor(caller, use)
  if (caller.scopes.length > 0 && levels.length === 0) refuse()
  const isBoundByScope = caller.scopes.length > 0 && levels.every((level) => level === 'patient')
  return !isStaff || isBoundByScope ? bound(caller) : { patient: undefined }
}
