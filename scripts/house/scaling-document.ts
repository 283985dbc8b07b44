// The text of docs/scaling.md: measured costs times an assumed day of a hospital, and what is used up first.
import { parts } from '../../packages/platform/src/cli/split-system.ts'

/** The result of bench/scaling.ts. */
export interface ScalingResult {
  readonly bytesPerResource: number
  readonly operations: readonly {
    readonly name: string
    readonly requests: number
    readonly serverMs: number
    readonly postgresMs: number
    readonly enginesMs: number
  }[]
  readonly loadAverage: number
  readonly at: string
  readonly commit: string
  readonly machine: string
  readonly node: string
}

// A working day of a hospital of 1,000 beds with outpatients. Assumed, not measured: put your own numbers here.
const daily: Readonly<Record<string, number>> = {
  'FHIR read': 200_000,
  'FHIR search, a page of 20 Observations': 300_000,
  'FHIR create': 150_000,
  'audit search, a page of 20': 500,
  triage: 4000,
  'model served: LSTM, one row': 5000,
  'CT slice stored (0.5 MB)': 45_000,
  'CT studies searched': 5000,
  'CT slice predicted': 45_000,
  'risk explained': 500,
}
const peakHourShare = 0.15
const sliceBytes = 527_000
const sealMicros = 62 // bench/audit.ts: CPU of one sealed event
const busiest = 0.7 // share of a core or machine above which answers wait

const starts = Object.values(parts).map((names) => `\`xinglin start ${names.join(' ')}\``)

interface Need {
  readonly server: number
  readonly postgres: number
  readonly engines: number
  /** Audit events a second. */
  readonly events: number
  readonly bytesPerDay: number
}

function needOf({ operations, bytesPerResource }: ScalingResult): Need {
  const perSecond = (name: string): number => ((daily[name] ?? 0) * peakHourShare) / 3600
  const cores = (part: 'serverMs' | 'postgresMs' | 'enginesMs'): number =>
    operations.reduce((sum, one) => sum + (perSecond(one.name) * one[part]) / 1000, 0)
  return {
    server: cores('serverMs'),
    postgres: cores('postgresMs'),
    engines: cores('enginesMs'),
    events: operations.reduce((sum, { name }) => sum + perSecond(name), 0),
    bytesPerDay: (daily['FHIR create'] ?? 0) * bytesPerResource + (daily['CT slice stored (0.5 MB)'] ?? 0) * sliceBytes,
  }
}

interface Limit {
  readonly what: string
  /** How many such hospitals reach it. */
  readonly hospitals: number
  readonly remedy: string
}

function limitsOf(need: Need): readonly Limit[] {
  return [
    {
      what: 'one process with all services (one core of JavaScript)',
      hospitals: busiest / need.server,
      remedy: `split it (${starts.join(', ')}), then add replicas; only \`audit\` and \`federated\` run once, the others hold no state`,
    },
    {
      what: '16 cores for models',
      hospitals: (16 * busiest) / need.engines,
      remedy: 'more replicas of `inference`, or a Triton with a GPU by `TRITON_URL`',
    },
    {
      what: 'PostgreSQL on 32 cores',
      hospitals: (32 * busiest) / need.postgres,
      remedy:
        'the writes of one organisation go to one primary: give hospitals databases of their own (one organisation, one deployment)',
    },
    {
      what: 'the sealer of the audit trail (one process holds the lease)',
      hospitals: (busiest * 1e6) / (need.events * sealMicros),
      remedy: 'events wait unsealed for longer, none is lost; one trail a deployment',
    },
    {
      what: '100 TB of disk in a year',
      hospitals: 100e12 / (need.bytesPerDay * 365),
      remedy: 'images to S3 (`BLOBS_S3_BUCKET`), which is not bounded by a machine; the database alone is far smaller',
    },
  ].toSorted((a, b) => a.hospitals - b.hospitals)
}

const shown = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
const wholeHospitals = (value: number): string => (value < 1 ? 'less than 1' : Math.floor(value).toLocaleString('en'))

function needRow(hospitals: number, need: Need): string {
  const cells = [need.server, need.postgres, need.engines].map((cores) => shown(cores * hospitals))
  const gigabytes = Math.round((need.bytesPerDay * hospitals) / 1e9).toLocaleString('en')
  return `| ${hospitals} | ${cells.join(' | ')} | ${shown(need.events * hospitals)} | ${gigabytes} GB |`
}

function firstAt(hospitals: number, limits: readonly Limit[]): string {
  const broken = limits.filter((limit) => limit.hospitals < hospitals)
  const words = broken.map(({ what }) => what)
  return `- **${hospitals}**: ${words.length === 0 ? 'nothing of these' : words.join('; ')}.`
}

/** The text of docs/scaling.md. */
export function scalingDocument(result: ScalingResult): string {
  const { operations, at, commit, machine, node, loadAverage, bytesPerResource } = result
  const need = needOf(result)
  const limits = limitsOf(need)
  const costs = operations.map(
    ({ name, serverMs, postgresMs, enginesMs }) =>
      `| ${name} | ${shown(serverMs)} | ${shown(postgresMs)} | ${shown(enginesMs)} | ${(daily[name] ?? 0).toLocaleString('en')} |`,
  )
  return `# Scaling

What a request costs, what a hospital needs, and what is used up first. The costs are measured by \`bench/scaling.ts\`; the day of a
hospital is assumed (1,000 beds with outpatients; ${peakHourShare * 100} % of the day falls into its busiest hour). The page is
generated from both by \`node scripts/house/documents.ts\`; the assumptions stand in \`scripts/house/scaling-document.ts\`.

## Cost of a request

CPU milliseconds, through the gateway with token, limits, audit and index, all services in one process.

| request | server | PostgreSQL | models and codecs | assumed a day |
|---|---|---|---|---|
${costs.join('\n')}

A resource with its index, history and audit takes ${(bytesPerResource / 1024).toFixed(1)} KiB of database; a CT slice 0.5 MB of disk or S3.
Measured on ${machine}, Node ${node}, load ${loadAverage} before the end, commit ${commit}, ${at.slice(0, 10)}. Split over
processes, a hop adds what \`bench/gateway.ts\` says.

## What hospitals need in their busiest hour

| hospitals | cores for services | cores for PostgreSQL | cores for models | audit events a second | disk a day |
|---|---|---|---|---|---|
${[1, 10, 100].map((hospitals) => needRow(hospitals, need)).join('\n')}

## What is used up first

| what | by how many hospitals | then |
|---|---|---|
${limits.map(({ what, hospitals, remedy }) => `| ${what} | ${wholeHospitals(hospitals)} | ${remedy} |`).join('\n')}

Beyond ${busiest * 100} % of a core or a machine answers begin to wait. At so many hospitals in one deployment there is too little of:

${[1, 10, 100].map((hospitals) => firstAt(hospitals, limits)).join('\n')}

Not measured: several machines, networks between them, a PostgreSQL of more than 2 cores, and a GPU.
`
}
