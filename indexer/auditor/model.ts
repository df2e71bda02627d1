import { ENGINE_MAJOR, loadModel, type Model, readContent } from '@aria/engine'
import { type Hex, manifestOf, modelId } from '@aria/sdk/protocol'

export interface NamedModel {
  id: Hex
  name: string
}

/** The model that audits re-execute, and the id under which providers sign for it. */
export interface AuditModel extends NamedModel {
  engineMajor: number
  engine: Model
}

/** @throws EngineError when the file is no whole model. */
export async function loadAuditModel(path: string): Promise<AuditModel> {
  const engine = await loadModel(path)
  try {
    const { id, name } = await nameModel(path)
    return { id, name, engineMajor: ENGINE_MAJOR, engine }
  } catch (thrown) {
    await engine.close()
    throw thrown
  }
}

/** A model's id and name without loading its weights. */
export async function nameModel(path: string): Promise<NamedModel> {
  const content = await readContent(path)
  return { id: modelId(manifestOf(content)), name: content.info.name }
}
