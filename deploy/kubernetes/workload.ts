// What every pod of Xinglin has in common: its identity, its walls, its settings, its volumes, its probes and its end.
import { k8s } from 'cdk8s-plus-34'
import { firstPort, type Group, portsOf } from './groups.ts'
import {
  blobSecrets,
  dimsePort,
  edgeSecrets,
  flowerCertificate,
  flowerPort,
  gatewayPort,
  graphSecrets,
  image,
  registryPort,
  type SecretValue,
  secrets,
  userId,
} from './names.ts'

/** Labels of everything. */
export const common: Readonly<Record<string, string>> = { 'app.kubernetes.io/part-of': 'xinglin' }

/** Labels that choose the pods of a group, of every version. */
export const labelsOf = (name: string): Record<string, string> => ({ ...common, 'app.kubernetes.io/component': name })

/** The label that tells a canary from the rest. */
export const stable = { version: 'stable' } as const

// Endpoints and meshes learn of the end of a pod a little later than the pod itself.
const preStopSeconds = 5
// More than the sleep before, plus the 15 s that a process gives its own stop (kernel/shutdown.ts).
const graceSeconds = 40

const restricted: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
}

/** Environment variables from Secrets. */
export function fromSecrets(values: readonly SecretValue[]): k8s.EnvVar[] {
  return values.map(({ env, secret, key, isOptional }) => ({
    name: env,
    valueFrom: { secretKeyRef: { name: secret, key, ...(isOptional ? { optional: true } : {}) } },
  }))
}

/** ConfigMaps with settings; those of engines need not be there, and go before the first. */
export const settingsSources: k8s.EnvFromSource[] = [
  { configMapRef: { name: 'xinglin-settings' } },
  { configMapRef: { name: 'xinglin-triton', optional: true } },
  { configMapRef: { name: 'xinglin-neo4j', optional: true } },
  { configMapRef: { name: 'xinglin-consul', optional: true } },
]

function ownSettings(group: Group): k8s.EnvVar[] {
  const values: Record<string, string> = { SERVICES: group.services.join(','), SERVICE_PORT: String(firstPort) }
  // What sends requests in, an ingress or a Gateway, ends TLS.
  if (group.services.includes('gateway')) values['GATEWAY_BEHIND_TLS'] = 'true'
  if (group.services.includes('registry')) values['REGISTRY_HOST'] = '0.0.0.0'
  if (group.services.includes('imaging')) values['DIMSE_HOST'] = '0.0.0.0'
  if (group.services.includes('federated')) {
    values['FLOWER_HOST'] = '0.0.0.0'
    values['FLOWER_TLS_CERTIFICATE'] = `${flowerCertificate.folder}/tls.crt`
    values['FLOWER_TLS_KEY'] = `${flowerCertificate.folder}/tls.key`
  }
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

function secretsOf(group: Group): readonly SecretValue[] {
  const { services, usesBlobs } = group
  return [
    ...secrets,
    ...(services.includes('registry') ? edgeSecrets : []),
    ...(usesBlobs ? blobSecrets : []),
    ...(services.includes('triage') ? graphSecrets : []),
  ]
}

// Every port of a group's container, by a name of at most 15 characters.
function containerPorts(group: Group): readonly { readonly name: string; readonly containerPort: number }[] {
  const { services } = group
  const own = [
    ...(services.includes('gateway') ? [{ name: 'gateway', containerPort: gatewayPort }] : []),
    ...(services.includes('registry') ? [{ name: 'registry', containerPort: registryPort }] : []),
    ...(services.includes('federated') ? [{ name: 'flower', containerPort: flowerPort }] : []),
    ...(services.includes('imaging') ? [{ name: 'dimse', containerPort: dimsePort }] : []),
  ]
  return [...own, ...portsOf(group).map(({ service, port }) => ({ name: service, containerPort: port }))]
}

// Ready is a pod when each of its services is: others reach them all through it.
function probes(group: Group): Pick<k8s.Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> {
  const ports = portsOf(group).map(({ port }) => port)
  const isEdge = group.services.includes('gateway')
  const port = k8s.IntOrString.fromNumber(isEdge ? gatewayPort : firstPort)
  const live: k8s.Probe = { httpGet: { path: '/health/live', port }, timeoutSeconds: 3 }
  const ready: k8s.Probe =
    isEdge || ports.length === 1
      ? { httpGet: { path: '/health/ready', port } }
      : { exec: { command: ['node', '/usr/local/lib/xinglin/ready.mjs', ...ports.map(String)] } }
  return {
    startupProbe: { ...live, periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...live, periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...ready, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2 },
  }
}

const quantity = (text: string): k8s.Quantity => k8s.Quantity.fromString(text)

function resourcesOf({ cpu, memory }: Group): k8s.ResourceRequirements {
  return {
    requests: { cpu: quantity(cpu[0]), memory: quantity(memory[0]), 'ephemeral-storage': quantity('256Mi') },
    limits: { cpu: quantity(cpu[1]), memory: quantity(memory[1]), 'ephemeral-storage': quantity('4Gi') },
  }
}

function volumesOf(group: Group): { readonly volumes: k8s.Volume[]; readonly mounts: k8s.VolumeMount[] } {
  const hasFlower = group.services.includes('federated')
  const certificate = { name: 'flower', secret: { secretName: flowerCertificate.secret, defaultMode: 0o440 } }
  const volumes: k8s.Volume[] = [
    ...(group.isStateful ? [] : [{ name: 'data', emptyDir: {} }]),
    { name: 'tmp', emptyDir: {} },
    ...(hasFlower ? [certificate] : []),
  ]
  const mounts: k8s.VolumeMount[] = [
    { name: 'data', mountPath: '/data' },
    { name: 'tmp', mountPath: '/tmp' },
    ...(hasFlower ? [{ name: 'flower', mountPath: flowerCertificate.folder, readOnly: true }] : []),
  ]
  return { volumes, mounts }
}

// The security context of every pod; the user is the image's.
const podSecurity: k8s.PodSecurityContext = {
  ...{ runAsNonRoot: true, runAsUser: userId, runAsGroup: userId, fsGroup: userId },
  seccompProfile: { type: 'RuntimeDefault' },
}

/** A container of the image behind the walls that all have. */
export function walledContainer(given: Omit<k8s.Container, 'image' | 'securityContext'>): k8s.Container {
  return { ...given, image, imagePullPolicy: 'IfNotPresent', securityContext: restricted }
}

/** What all pods have outside their containers. Names of Services must not become settings: `REGISTRY_PORT` is one. */
export const walledPod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: podSecurity,
} as const

/** The pod of a group. */
export function podOf(group: Group, version: string = stable.version): k8s.PodTemplateSpec {
  const { volumes, mounts } = volumesOf(group)
  const container = walledContainer({
    name: group.name,
    args: ['start'],
    env: [...ownSettings(group), ...fromSecrets(secretsOf(group))],
    envFrom: settingsSources,
    ports: containerPorts(group).map((port) => ({ ...port, protocol: 'TCP' })),
    ...probes(group),
    resources: resourcesOf(group),
    volumeMounts: mounts,
    lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
  })
  return {
    metadata: { labels: { ...labelsOf(group.name), version } },
    spec: {
      ...walledPod,
      serviceAccountName: `xinglin-${group.name}`,
      terminationGracePeriodSeconds: graceSeconds,
      topologySpreadConstraints: [
        {
          ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
          labelSelector: { matchLabels: labelsOf(group.name) },
        },
      ],
      containers: [container],
      volumes,
    },
  }
}
