// The page `/health/targets`: where this gateway sends requests and how each address is, for operators alone.
import { hostname } from 'node:os'
import { AppError } from '@xinglin/core/errors'
import type { Role } from '../../kernel/caller.ts'
import { type AdmissionParts, admit } from './admission.ts'
import { reportTargets, type TargetReportParts } from './balancing/target-report.ts'
import { answerJson, type Exchange } from './exchange.ts'

/** What the page needs. */
export interface TargetPageParts extends Omit<TargetReportParts, 'services'> {
  readonly admission: AdmissionParts
}

const readers: readonly Role[] = ['operator', 'admin', 'system']

/** Creates the page. Health and circuits are known of one process, so that the answer says of which. */
export function createTargetPage(parts: TargetPageParts): (exchange: Exchange) => Promise<void> {
  const { admission } = parts
  const gateway = `${hostname()} ${process.pid}`
  return async (exchange) => {
    const { ownPlan, services } = admission.compiled()
    const identity = await admit(admission, exchange, ownPlan)
    exchange.fields.applyTo(exchange.response)
    const { roles = [], scopes = [] } = identity?.caller ?? {}
    if (scopes.length > 0 || !roles.some((role) => readers.includes(role))) {
      throw new AppError('forbidden', `Targets are open to the roles ${readers.join(', ')} only`)
    }
    answerJson(exchange.response, 200, { gateway, targets: reportTargets({ ...parts, services }) })
  }
}
