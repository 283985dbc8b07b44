// Which versions of a model are served (pure).
import type { VersionPolicy } from '../model-config/model-config.ts'

/** The versions that the policy takes out of those that are there, ascending. */
export function chooseVersions(policy: VersionPolicy, present: readonly number[]): readonly number[] {
  const sorted = [...present].sort((a, b) => a - b)
  if ('all' in policy) return sorted
  if ('specific' in policy) return sorted.filter((version) => policy.specific.versions.includes(version))
  return sorted.slice(-policy.latest.num_versions)
}
