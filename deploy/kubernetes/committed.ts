// The committed manifests as objects, for tests that look at them or run what they say.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { k8s } from 'cdk8s-plus-34'
import { parseAllDocuments } from 'yaml'

/** A manifest, as far as tests look at it. */
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: Readonly<Record<string, unknown>>
}

/** Folder of the manifests. */
export const deploy = fileURLToPath(new URL('../', import.meta.url))
/** Paths of the generated ones below it. */
export const written = globSync('{kubernetes,istio}/dist/*.yaml', { cwd: deploy }).sort()

/** The manifests of one file. */
export function manifestsIn(path: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(deploy, path), 'utf8')).map((document) => document.toJS() as Manifest)
}

/** All generated manifests. */
export const committed: readonly Manifest[] = written.flatMap(manifestsIn)

/** A pod of a manifest. */
export interface Pod {
  readonly of: Manifest
  readonly labels: Readonly<Record<string, string>>
  readonly spec: k8s.PodSpec
  readonly container: k8s.Container
}

type Template = { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: k8s.PodSpec }

function templateOf({ kind, spec = {} }: Manifest): Template | undefined {
  if (kind === 'CronJob') return (spec as { jobTemplate: { spec: { template: Template } } }).jobTemplate.spec.template
  return ['Deployment', 'StatefulSet', 'Job'].includes(kind) ? (spec['template'] as Template) : undefined
}

/** Every pod, with its one container. */
export const pods: readonly Pod[] = committed.flatMap((of) => {
  const template = templateOf(of)
  const [container] = template?.spec.containers ?? []
  if (template === undefined || container === undefined) return []
  return [{ of, labels: template.metadata.labels, spec: template.spec, container }]
})

/** The pod of a workload by kind and name. @throws Error when there is none */
export function podNamed(kind: string, name: string): Pod {
  const found = pods.find(({ of }) => of.kind === kind && of.metadata.name === name)
  if (found === undefined) throw new Error(`There is no ${kind} ${name}`)
  return found
}

/** The environment of a container: its ConfigMaps, its own values, and its secrets as given. */
export function environmentOf({ container }: Pod, secretOf: (env: string) => string): Readonly<Record<string, string>> {
  const maps = (container.envFrom ?? []).flatMap(({ configMapRef }) =>
    configMapRef?.optional === true ? [] : [configMapRef?.name],
  )
  const values = committed.filter(({ kind, metadata }) => kind === 'ConfigMap' && maps.includes(metadata.name))
  const own = (container.env ?? []).map(({ name, value }): [string, string] => [name, value ?? secretOf(name)])
  return { ...Object.assign({}, ...values.map(({ data }) => data ?? {})), ...Object.fromEntries(own) }
}
