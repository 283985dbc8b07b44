// Mantine's theme in the console's palette: its components take their colours from tokens.css.
import { createTheme, type MantineColorsTuple } from '@mantine/core'

// From pale to deep; the eighth is the primary colour of tokens.css.
const grove: MantineColorsTuple = [
  '#e8f3f2',
  '#cfe5e3',
  '#a5cdca',
  '#78b5b1',
  '#4f9d99',
  '#2f8884',
  '#1a7a78',
  '#0b6e6e',
  '#085858',
  '#064444',
]

/** The theme. */
export const theme = createTheme({
  colors: { grove },
  primaryColor: 'grove',
  primaryShade: 7,
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 'sm',
  radius: { sm: '6px' },
  fontSizes: { xs: '12px', sm: '14px', md: '14px' },
  respectReducedMotion: true,
  cursorType: 'pointer',
})

/** Where the choice of light or dark is kept; read by public/before-paint.js too. */
export const coloursKey = 'xinglin.colours'
