// Models: the registered ones, the versions of one, and one version with its card; what the server does with it, live.
import { useSearch } from '@tanstack/react-router'
import { Page } from '../../components/Page.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { ModelList } from './ModelList.tsx'
import styles from './Models.module.css'
import { useIndex, useModel, useModels } from './model-queries.ts'
import { stateOf } from './model-view.ts'
import { OneVersion } from './OneVersion.tsx'
import { ServingTable } from './ServingTable.tsx'
import { modelsText } from './text.ts'
import { VersionList } from './VersionList.tsx'

function Reason({ name }: { readonly name: string }) {
  const text = useText(modelsText)
  const { language } = useLanguage()
  const index = useIndex()
  const { state, reason } = stateOf(name, index.data ?? [])
  if (state !== 'unavailable' || reason === '' || language !== 'en') return null
  return <p className="quiet">{fill(text.reasonGiven, { reason })}</p>
}

function One({ name, version }: { readonly name: string; readonly version: string | undefined }) {
  const asked = useModel(name)
  const production = asked.data?.versions.find(({ stage }) => stage === 'production') ?? asked.data?.versions[0]
  const shown = version === undefined ? production?.version : Number(version)
  return (
    <>
      <Reason name={name} />
      <VersionList asked={asked} model={name} />
      <ServingTable asked={asked} />
      {shown === undefined ? null : <OneVersion key={shown} model={name} version={shown} />}
    </>
  )
}

function Chosen({ name, version }: { readonly name: string | undefined; readonly version: string | undefined }) {
  const text = useText(modelsText)
  const models = useModels()
  if (name !== undefined) return <One key={name} name={name} version={version} />
  return models.data === undefined || models.data.length === 0 ? null : <p className="quiet">{text.choose}</p>
}

/** The screen. */
export function Models() {
  const text = useText(modelsText)
  const { model, version } = useSearch({ from: '/signed-in/models' })
  return (
    <Page about={text.about} title={text.title}>
      <p className={styles.statement}>{text.limits}</p>
      <ModelList />
      <Chosen name={model} version={version} />
    </Page>
  )
}
