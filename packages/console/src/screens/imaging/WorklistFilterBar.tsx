// Filters of the worklist; what is chosen stands in the address.
import { useNavigate } from '@tanstack/react-router'
import { ChoiceFilter, PeriodFilter, TypedFilter } from '../../components/Filters.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Imaging.module.css'
import { imagingText } from './text.ts'
import { linkStates, modalities, type WorklistFilters } from './worklist-search.ts'

function useSetFilter() {
  const navigate = useNavigate()
  return (change: WorklistFilters): void =>
    void navigate({
      to: '/imaging',
      search: (old) => ({ ...old, ...change }) as { readonly text?: string },
      replace: true,
      resetScroll: false,
    })
}

/** The bar. */
export function WorklistFilterBar({ filters }: { readonly filters: WorklistFilters }) {
  const text = useText(imagingText)
  const setFilter = useSetFilter()
  return (
    <search aria-label={text.filters} className={styles.filters}>
      <TypedFilter
        label={text.text}
        onSet={(typed) => setFilter({ text: typed })}
        placeholder={text.textHint}
        value={filters.text}
      />
      <ChoiceFilter
        anyLabel={text['modality.any']}
        label={text.modality}
        labelOf={(modality) => modality}
        onSet={(modality) => setFilter({ modality })}
        value={filters.modality}
        values={modalities}
      />
      <ChoiceFilter
        anyLabel={text['state.any']}
        label={text.state}
        labelOf={(state) => text[`state.${state}`]}
        onSet={(state) => setFilter({ state })}
        value={filters.state}
        values={linkStates}
      />
      <PeriodFilter labels={text} onSet={(end, day) => setFilter({ [end]: day })} values={filters} />
    </search>
  )
}
