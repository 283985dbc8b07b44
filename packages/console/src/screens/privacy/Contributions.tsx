// What was contributed to a context: sizes as numbers and as ciphertext, never the numbers themselves.
import { minuteText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { FileForm } from './FileForm.tsx'
import { type PrivateVector, vectorsAddress } from './private-api.ts'
import { useVectors } from './private-queries.ts'
import { bytesText, contributionsOf, growth } from './private-view.ts'
import { privacyText } from './text.ts'

/** The contributions, with the way to add one. */
export function Contributions({ contextId }: { readonly contextId: string }) {
  const text = useText(privacyText)
  const asked = useVectors(contextId)
  const columns: readonly PlainColumn<PrivateVector>[] = [
    { key: 'label', label: text.label, cell: ({ label }) => label },
    { key: 'sender', label: text.sender, cell: ({ owner }) => owner },
    { key: 'values', label: text.values, isNumber: true, cell: ({ size }) => size },
    { key: 'plain', label: text.plain, isNumber: true, cell: ({ plainBytes }) => bytesText(plainBytes) },
    {
      key: 'cipher',
      label: text.cipher,
      isNumber: true,
      cell: (vector) => fill(text.larger, { size: bytesText(vector.sizeBytes), times: growth(vector) }),
    },
    { key: 'left', label: text.levelsLeft, isNumber: true, cell: ({ levelsLeft }) => levelsLeft },
    { key: 'created', label: text.created, isFixed: true, cell: ({ createdAt }) => minuteText(createdAt) ?? '–' },
  ]
  const form = (
    <FileForm
      action={text.sendVector}
      address={() => vectorsAddress(contextId, text.contribution)}
      label={text.vectorFile}
    />
  )
  return (
    <Section
      asked={asked}
      empty={
        <>
          <EmptyState reason={text.noContributionsReason} title={text.noContributions} />
          {form}
        </>
      }
      isEmpty={(rows) => contributionsOf(rows).length === 0}
      loading={text.loadingVectors}
      title={text.contributions}
    >
      {(rows) => (
        <>
          <PlainTable
            columns={columns}
            label={text.contributions}
            rowKey={({ id }) => id}
            rows={contributionsOf(rows)}
          />
          {form}
        </>
      )}
    </Section>
  )
}
