// $validate: the findings about a resource that is not to be stored, audited.
import type { Issue } from '@xinglin/core/errors'
import { recordRead } from './audited.ts'
import type { RecordParts } from './parts.ts'
import type { RecordContext } from './types.ts'

/** The findings, also about the body's shape; audited. */
export async function validateContent(
  parts: RecordParts,
  context: RecordContext,
  body: { readonly type: string; readonly text: string },
): Promise<readonly Issue[]> {
  const access = { action: 'E', interaction: '$validate', entities: [body.type], patients: [] } as const
  await recordRead(parts.audit, context, access)
  return await parts.preparer.findings(body.text, body.type, context.deadline)
}
