// The long-running parts of a group: Deployment or StatefulSet, Services, autoscaler, disruption budget, service account.
import { k8s } from 'cdk8s-plus-34'
import type { Construct } from 'constructs'
import { type Group, portsOf, servicePort } from './groups.ts'
import { dimsePort, flowerPort, gatewayPort, registryPort } from './names.ts'
import { common, labelsOf, podOf, stable } from './workload.ts'

const number = (value: number): k8s.IntOrString => k8s.IntOrString.fromNumber(value)

function addWorkload(scope: Construct, group: Group): void {
  const { name, replicas, isStateful } = group
  const metadata = { name, labels: labelsOf(name) }
  const template = podOf(group)
  const selector = { matchLabels: { ...labelsOf(name), ...stable } }
  if (!isStateful) {
    const strategy: k8s.DeploymentStrategy =
      replicas[1] > 1
        ? { type: 'RollingUpdate', rollingUpdate: { maxSurge: number(1), maxUnavailable: number(0) } }
        : { type: 'Recreate' }
    // Where an autoscaler says how many there are, the manifest must not say otherwise at each apply.
    const count = replicas[1] > replicas[0] ? {} : { replicas: replicas[0] }
    const spec = { ...count, revisionHistoryLimit: 5, minReadySeconds: 5, selector, strategy, template }
    new k8s.KubeDeployment(scope, name, { metadata, spec })
    return
  }
  const claim: k8s.KubePersistentVolumeClaimProps = {
    metadata: { name: 'data', labels: labelsOf(name) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: k8s.Quantity.fromString('5Gi') } },
    },
  }
  new k8s.KubeStatefulSet(scope, name, {
    metadata,
    spec: { serviceName: name, replicas: 1, selector, template, volumeClaimTemplates: [claim] },
  })
}

interface ServicePort {
  readonly service: string
  readonly port: number
  readonly target: number
  readonly isHttp: boolean
}

// Every service is reached by its own name and the same port, whichever pods it lives in (SERVICE_DNS).
function servicePorts(group: Group): readonly ServicePort[] {
  const { services } = group
  const own = portsOf(group).map(({ service, port }) => ({ service, port: servicePort, target: port, isHttp: true }))
  return [
    ...(services.includes('gateway') ? [{ service: 'gateway', port: 80, target: gatewayPort, isHttp: true }] : []),
    ...(services.includes('registry')
      ? [{ service: 'registry', port: registryPort, target: registryPort, isHttp: true }]
      : []),
    ...(services.includes('federated')
      ? [{ service: 'flower', port: flowerPort, target: flowerPort, isHttp: false }]
      : []),
    ...(services.includes('imaging') ? [{ service: 'dimse', port: dimsePort, target: dimsePort, isHttp: false }] : []),
    ...own,
  ]
}

function addServices(scope: Construct, group: Group): void {
  for (const { service, port, target, isHttp } of servicePorts(group)) {
    new k8s.KubeService(scope, `${service}-service`, {
      metadata: { name: service, labels: labelsOf(group.name) },
      spec: {
        selector: labelsOf(group.name),
        ports: [
          {
            name: isHttp ? 'http' : 'tcp',
            ...{ protocol: 'TCP', port, targetPort: number(target) },
            appProtocol: isHttp ? 'http' : 'tcp',
          },
        ],
      },
    })
  }
}

function addScaling(scope: Construct, { name, replicas }: Group): void {
  const [minReplicas, maxReplicas] = replicas
  if (maxReplicas === minReplicas) return
  const busy: k8s.MetricSpecV2 = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
  }
  new k8s.KubeHorizontalPodAutoscalerV2(scope, `${name}-scaling`, {
    metadata: { name, labels: labelsOf(name) },
    spec: {
      ...{ minReplicas, maxReplicas, metrics: [busy] },
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    },
  })
  new k8s.KubePodDisruptionBudget(scope, `${name}-budget`, {
    metadata: { name, labels: labelsOf(name) },
    spec: { maxUnavailable: number(1), selector: { matchLabels: labelsOf(name) } },
  })
}

/** Adds everything of a group to a chart. */
export function addGroup(scope: Construct, group: Group): void {
  new k8s.KubeServiceAccount(scope, `${group.name}-account`, {
    metadata: { name: `xinglin-${group.name}`, labels: { ...common, ...labelsOf(group.name) } },
    automountServiceAccountToken: false,
  })
  addWorkload(scope, group)
  addServices(scope, group)
  addScaling(scope, group)
}
