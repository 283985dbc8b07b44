// Work that begins and ends: migrations before a release, the nightly backup, and its way back.
import { k8s } from 'cdk8s-plus-34'
import type { Construct } from 'constructs'
import { secrets } from './names.ts'
import { fromSecrets, labelsOf, settingsSources, walledContainer, walledPod } from './workload.ts'

/** Jobs whose pods reach the database. */
export const jobNames = ['migrate', 'backup', 'restore'] as const

const backupVolume = 'xinglin-backups'
const backupsAt = '/backups'
/** The volume of the pod `audit-0`: its folder belongs to the database. */
const auditVolume = 'data-audit-0'

// The bucket keeps itself, by versions and a copy elsewhere (docs/operations.md): whole nights of images fit no such volume.
// A folder without a manifest is what an interrupted backup left. Newest names are last: they are dates.
const backupScript = `set -eu
for folder in "$BACKUP_FOLDER"/*/; do
  if [ -d "$folder" ] && [ ! -f "$folder/manifest.json" ]; then rm -r "$folder"; fi
done
xinglin backup "$BACKUP_FOLDER/$(date -u +%Y%m%dT%H%M%SZ)" --json --without-bucket
ls -1d "$BACKUP_FOLDER"/*/ | sort -r | tail -n "+$((BACKUPS_KEPT + 1))" | while read -r folder; do rm -r "$folder"; done
`

const restoreScript = `set -eu
if [ -z "$BACKUP" ]; then BACKUP="$(ls -1 "$BACKUP_FOLDER" | sort | tail -n 1)"; fi
xinglin restore "$BACKUP_FOLDER/$BACKUP" --json
`

const quantity = (text: string): k8s.Quantity => k8s.Quantity.fromString(text)

interface JobShape {
  readonly name: (typeof jobNames)[number]
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly values?: Readonly<Record<string, string>>
  readonly volumes: k8s.Volume[]
  readonly mounts: k8s.VolumeMount[]
  readonly affinity?: k8s.Affinity
}

function podOf({ name, command, args, values = {}, volumes, mounts, affinity }: JobShape): k8s.PodTemplateSpec {
  const container = walledContainer({
    name,
    ...(command === undefined ? {} : { command: [...command] }),
    ...(args === undefined ? {} : { args: [...args] }),
    env: [...Object.entries(values).map(([key, value]) => ({ name: key, value })), ...fromSecrets(secrets)],
    envFrom: settingsSources,
    resources: {
      requests: { cpu: quantity('100m'), memory: quantity('256Mi') },
      limits: { cpu: quantity('1'), memory: quantity('1Gi') },
    },
    volumeMounts: [...mounts, { name: 'tmp', mountPath: '/tmp' }],
  })
  return {
    // A sidecar would keep a job from ending, and a job asks no service.
    metadata: { labels: { ...labelsOf(name), 'sidecar.istio.io/inject': 'false' } },
    spec: {
      ...walledPod,
      serviceAccountName: 'xinglin-jobs',
      restartPolicy: 'Never',
      ...(affinity === undefined ? {} : { affinity }),
      containers: [container],
      volumes: [...volumes, { name: 'tmp', emptyDir: {} }],
    },
  }
}

// The audit folder's volume can be on one node at a time: beside the pod that writes it.
const besideAudit: k8s.Affinity = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: labelsOf('audit') }, topologyKey: 'kubernetes.io/hostname' },
    ],
  },
}

function claimed(name: string, claimName: string, readOnly: boolean): k8s.Volume {
  return { name, persistentVolumeClaim: { claimName, readOnly } }
}

/** Adds the job that migrates the database; apply it, wait for it, then roll out the release. */
export function addMigration(scope: Construct): void {
  const shape: JobShape = {
    ...{ name: 'migrate', args: ['migrate'] },
    volumes: [{ name: 'data', emptyDir: {} }],
    mounts: [{ name: 'data', mountPath: '/data' }],
  }
  new k8s.KubeJob(scope, 'migrate', {
    metadata: { name: 'migrate', labels: labelsOf('migrate') },
    spec: { backoffLimit: 4, activeDeadlineSeconds: 1800, ttlSecondsAfterFinished: 600, template: podOf(shape) },
  })
}

/** Adds the account that all jobs run as. */
export function addJobsAccount(scope: Construct): void {
  new k8s.KubeServiceAccount(scope, 'jobs-account', {
    metadata: { name: 'xinglin-jobs', labels: labelsOf('jobs') },
    automountServiceAccountToken: false,
  })
}

/** Adds the nightly backup with its volume. */
export function addBackup(scope: Construct): void {
  new k8s.KubePersistentVolumeClaim(scope, 'backups', {
    metadata: { name: backupVolume, labels: labelsOf('backup') },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: quantity('50Gi') } } },
  })
  const shape: JobShape = {
    name: 'backup',
    command: ['sh', '-c', backupScript],
    values: { BACKUP_FOLDER: backupsAt, BACKUPS_KEPT: '14' },
    volumes: [claimed('data', auditVolume, true), claimed('backups', backupVolume, false)],
    mounts: [
      { name: 'data', mountPath: '/data', readOnly: true },
      { name: 'backups', mountPath: backupsAt },
    ],
    affinity: besideAudit,
  }
  new k8s.KubeCronJob(scope, 'backup', {
    metadata: { name: 'backup', labels: labelsOf('backup') },
    spec: {
      ...{ schedule: '17 2 * * *', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 3600 },
      ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 5 },
      jobTemplate: { spec: { backoffLimit: 2, activeDeadlineSeconds: 14_400, template: podOf(shape) } },
    },
  })
}

/** Adds the restore: suspended, so that applying it changes nothing. */
export function addRestore(scope: Construct): void {
  const shape: JobShape = {
    name: 'restore',
    command: ['sh', '-c', restoreScript],
    values: { BACKUP_FOLDER: backupsAt, BACKUP: '' },
    volumes: [claimed('data', auditVolume, false), claimed('backups', backupVolume, true)],
    mounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'backups', mountPath: backupsAt, readOnly: true },
    ],
  }
  new k8s.KubeJob(scope, 'restore', {
    metadata: { name: 'restore', labels: labelsOf('restore') },
    spec: { suspend: true, backoffLimit: 0, activeDeadlineSeconds: 14_400, template: podOf(shape) },
  })
}
