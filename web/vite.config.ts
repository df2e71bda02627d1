import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where the indexer serves the API while the dashboard is developed with `npm run dev -w web`. */
const INDEXER_URL = 'http://127.0.0.1:4600'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist',
    // The first versions with light-dark(), which carries both themes in one set of colours.
    target: ['chrome123', 'firefox120', 'safari17.5'],
  },
  server: { proxy: { '/api': INDEXER_URL } },
})
