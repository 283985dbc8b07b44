// Sets language and colours before the first paint, so that nothing flashes. A file of its own: inline scripts are refused.
;(() => {
  const root = document.documentElement
  const kept = (key) => {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  }
  const scheme = kept('xinglin.colours')
  const isDark = scheme === 'dark' || (scheme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
  const language = kept('xinglin.language') ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en')
  root.lang = language === 'zh' ? 'zh-CN' : 'en'
})()
