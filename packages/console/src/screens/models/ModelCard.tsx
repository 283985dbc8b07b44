// The model card as its authors wrote it, in English: headings, text, lists and tables.
import { EmptyState } from '../../components/EmptyState.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Models.module.css'
import { type CardBlock, cardBlocks } from './model-view.ts'
import { modelsText } from './text.ts'

function CardTable({ head, rows }: Pick<Extract<CardBlock, { kind: 'table' }>, 'head' | 'rows'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard too
    <div className={styles.scroll} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join('|')}>
              {row.map((cell, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the cells of a row do not move
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Block({ block }: { readonly block: CardBlock }) {
  switch (block.kind) {
    case 'heading':
      return <h3>{block.text}</h3>
    case 'text':
      return <p>{block.text}</p>
    case 'table':
      return <CardTable head={block.head} rows={block.rows} />
    case 'list':
      return (
        <ul>
          {block.items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      )
    default:
      return block satisfies never
  }
}

/** The card. */
export function ModelCard({ card }: { readonly card: string }) {
  const text = useText(modelsText)
  const blocks = cardBlocks(card)
  if (blocks.length === 0) return <EmptyState reason={text.noCardReason} title={text.noCard} />
  return (
    <div className={styles.card} lang="en">
      {blocks.map((block, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a card have no id and do not move
        <Block block={block} key={at} />
      ))}
    </div>
  )
}
