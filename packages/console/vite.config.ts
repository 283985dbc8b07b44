// How the console is built: served under /app/, everything from this origin, no source maps in the product.
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The gateway takes a sign-in only from its own pages, so the host must reach it unchanged.
const target = { target: process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080', changeOrigin: false }

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/app/',
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0, reportCompressedSize: false },
  server: { proxy: Object.fromEntries(['/auth', '/api', '/fhir', '/audit', '/health'].map((path) => [path, target])) },
})
