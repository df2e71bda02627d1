// A template rendered on a thread of its own, for chats so large that rendering would hold up the event loop. The thread's
// memory is bounded, and it ends with the work.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { EngineError, type EngineErrorCode } from '../api/error.ts'
import { chatTemplate, type Render } from './template.ts'

type Arguments = Parameters<Render>

interface Work {
  readonly template: string
  readonly messages: Arguments[0]
  readonly variables: Arguments[1]
}
type Answer = { text: string } | { code: EngineErrorCode; message: string }

const MEMORY_MB = 1024

/** @throws EngineError `bad_template` */
export async function renderInThread(work: Work): Promise<string> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { renderWork: work },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: [],
  })
  const answered = Promise.withResolvers<Answer>()
  worker.once('message', answered.resolve)
  worker.once('error', cause =>
    answered.reject(
      new EngineError('bad_template', `The chat template was stopped: ${cause.message}.`, { cause }),
    ),
  )
  try {
    const answer = await answered.promise
    if ('text' in answer) return answer.text
    throw new EngineError(answer.code, answer.message)
  } finally {
    await worker.terminate()
  }
}

function answer({ template, messages, variables }: Work): Answer {
  try {
    return { text: chatTemplate(template)(messages, variables) }
  } catch (thrown) {
    if (thrown instanceof EngineError) return { code: thrown.code, message: thrown.message }
    return { code: 'bad_template', message: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

// The same file on the other side: started by renderInThread, and only then.
const started = isMainThread ? undefined : (workerData as { renderWork?: Work } | null)?.renderWork
if (started !== undefined) parentPort!.postMessage(answer(started))
