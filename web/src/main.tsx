import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { createAppRouter } from './app/router.tsx'
import { createQueryClient } from './lib/query-client.ts'
import './styles.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App client={createQueryClient()} router={createAppRouter()} />
  </StrictMode>,
)
