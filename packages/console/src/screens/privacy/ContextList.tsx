// The public contexts; one is chosen by its address, a new one is sent as a file.
import { NumberInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { minuteText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { FileForm } from './FileForm.tsx'
import { contextsAddress, type PrivateContext } from './private-api.ts'
import { useContexts } from './private-queries.ts'
import { bytesText, parametersText } from './private-view.ts'
import { privacyText } from './text.ts'

function SendContext() {
  const text = useText(privacyText)
  const [least, setLeast] = useState<number | string>(1)
  return (
    <FileForm
      action={text.sendContext}
      address={() => contextsAddress(text.contextLabel, Number(least) || 1)}
      label={text.sendContextFile}
    >
      <NumberInput
        allowDecimal={false}
        clampBehavior="strict"
        hideControls
        label={text.leastSenders}
        max={1000}
        min={1}
        onChange={setLeast}
        value={least}
      />
    </FileForm>
  )
}

/** The list. */
export function ContextList() {
  const text = useText(privacyText)
  const asked = useContexts()
  const columns: readonly PlainColumn<PrivateContext>[] = [
    {
      key: 'label',
      label: text.label,
      cell: ({ id, label }) => (
        <Link replace resetScroll={false} search={{ context: id }} to="/private">
          {label}
        </Link>
      ),
    },
    { key: 'by', label: text.by, cell: ({ owner }) => owner },
    { key: 'parameters', label: text.parameters, cell: parametersText },
    { key: 'levels', label: text.levels, isNumber: true, cell: ({ levels }) => levels },
    { key: 'least', label: text.least, isNumber: true, cell: ({ minContributors }) => minContributors },
    { key: 'size', label: text.size, isNumber: true, cell: ({ sizeBytes }) => bytesText(sizeBytes) },
    { key: 'created', label: text.created, isFixed: true, cell: ({ createdAt }) => minuteText(createdAt) ?? '–' },
  ]
  return (
    <Section
      asked={asked}
      empty={
        <>
          <EmptyState reason={text.noContextsReason} title={text.noContexts} />
          <SendContext />
        </>
      }
      isEmpty={(rows) => rows.length === 0}
      loading={text.loadingContexts}
      title={text.contexts}
    >
      {(rows) => (
        <>
          <PlainTable columns={columns} label={text.contexts} rowKey={({ id }) => id} rows={rows} />
          <SendContext />
        </>
      )}
    </Section>
  )
}
