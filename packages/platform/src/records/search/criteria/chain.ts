// Chains and reverse chains: conditions on another resource that must be visible to the caller too.
import { AppError } from '@xinglin/core/errors'
import type { Criterion } from '@xinglin/core/fhir/search'
import { visible } from '../access.ts'
import { anyOf, type Scope } from '../scope.ts'

/** A resource that the row refers to satisfies the criterion of its type. */
export function hasChained(scope: Scope, chain: Criterion & { readonly kind: 'chain' }): string {
  const inner = deeper(scope)
  return anyOf(
    chain.targets.map((target) =>
      oneTarget(scope, inner, { p: scope.knowledge.parameterHash(chain.parameter), ...target }),
    ),
  )
}

interface Target {
  readonly p: number
  readonly type: string
  readonly criterion: Criterion
}

function oneTarget(scope: Scope, inner: Scope, target: Target): string {
  const { binder } = scope
  const link = binder.alias('x')
  const type = binder.bind(target.type, 'text')
  const condition = [
    `${link}.p = ${binder.bind(target.p, 'bigint')}`,
    `${link}.type = ${type}`,
    `${inner.alias}.type = ${type}`,
    visible(inner.alias, scope.access, binder),
    `(${scope.compile(inner, target.criterion)})`,
  ].join(' AND ')
  const join = `records.reference_index ${link} JOIN records.resource ${inner.alias} ON ${inner.alias}.id = ${link}.id`
  return `${scope.alias}.rid IN (SELECT ${link}.rid FROM ${join} WHERE ${condition})`
}

/** A resource of another type that refers to the row satisfies the criterion. */
export function isReferredTo(scope: Scope, has: Criterion & { readonly kind: 'has' }): string {
  const { binder, alias } = scope
  const inner = deeper(scope)
  const link = binder.alias('x')
  const condition = [
    `${link}.p = ${binder.bind(scope.knowledge.parameterHash(has.parameter), 'bigint')}`,
    `${inner.alias}.type = ${binder.bind(has.type, 'text')}`,
    visible(inner.alias, scope.access, binder),
    `(${scope.compile(inner, has.criterion)})`,
  ].join(' AND ')
  const join = `records.reference_index ${link} JOIN records.resource ${inner.alias} ON ${inner.alias}.rid = ${link}.rid`
  return `(${alias}.type, ${alias}.id) IN (SELECT ${link}.type, ${link}.id FROM ${join} WHERE ${condition})`
}

function deeper(scope: Scope): Scope {
  if (scope.depth >= scope.maxDepth) {
    const hint = `Ask in two searches, or with fewer steps; at most ${scope.maxDepth} are followed.`
    throw new AppError('invalid-parameter', `The chain has too many steps. ${hint}`, {
      issues: [{ severity: 'error', code: 'too-costly', diagnostics: `The chain has too many steps. ${hint}` }],
    })
  }
  return { ...scope, alias: scope.binder.alias('c'), depth: scope.depth + 1, isNarrow: false }
}
