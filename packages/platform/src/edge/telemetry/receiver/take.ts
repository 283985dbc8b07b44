// Takes the body of an OTLP export in, whichever port it came by; the answer is in its encoding.
import type { Intake } from './intake.ts'
import { answerOf, metricsOf, type OtlpEncoding, tracesOf } from './otlp-request.ts'

/** Takes spans in; the answer tells how many were not kept. @throws AppError 'malformed-body' */
export async function takeTraces(intake: Intake, body: Buffer, encoding: OtlpEncoding): Promise<Buffer> {
  const refused = await intake.takeTraces(tracesOf(body, encoding))
  return answerOf(encoding, refused, 'Spans', 'They cannot be kept now; send them again later')
}

/** Takes metrics in; the answer tells how many points were not kept. @throws AppError 'malformed-body' */
export function takeMetrics(intake: Intake, body: Buffer, encoding: OtlpEncoding): Buffer {
  const refused = intake.takeMetrics(metricsOf(body, encoding))
  return answerOf(encoding, refused, 'DataPoints', 'There are too many series, or one name has two types')
}
