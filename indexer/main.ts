#!/usr/bin/env node
// The indexer program: one JSON line on stdout when it serves, logs on stderr, a clean end on SIGTERM, SIGINT or the
// loss of its parent.
import { toAriaError } from '@aria/sdk/protocol'
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { type Indexer, startIndexer } from './indexer.ts'

/** A stop that takes longer than this is stuck; data is safe, every write is a transaction. */
const STOP_MS_MAX = 10_000

const log = pino({ name: 'indexer' }, pino.destination(2))

try {
  const config = readConfig()
  log.level = config.logLevel
  const indexer = await startIndexer(config, log)
  endWith(indexer)
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: indexer.url })}\n`)
  await indexer.done
} catch (thrown) {
  const { code, message, hint, facts } = toAriaError(thrown)
  log.fatal({ code, ...facts, hint }, message)
  process.exit(1)
}

function endWith(indexer: Indexer): void {
  let ending = false
  const end = (cause: string) => {
    if (ending) return
    ending = true
    log.info({ cause }, 'Stopping')
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref()
    indexer.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  process.on('disconnect', () => end('parent gone'))
}
