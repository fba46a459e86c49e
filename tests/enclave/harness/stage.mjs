import { Stage } from '../../harness/stage.mjs';
import { Enclave } from './enclave.mjs';
import { Parent } from './parent.mjs';

/** What a suite works with, and the enclaves and parents that it starts. */
export class EnclaveStage extends Stage {
  /**
   * parent-proxy enclave, as PID 1 unless told otherwise.
   * @param command the application
   * @param settings the section Enclave, beside the application's command
   */
  async enclave(command, settings = {}, options = {}) {
    const enclave = await Enclave.start(await this.folder(), command, settings, options);
    this.atEndOfCheck(() => enclave.kill());
    return enclave;
  }

  /** A parent whose log is on a unix socket. */
  async parent(logs = {}) {
    const parent = await Parent.startIn(await this.folder(), logs);
    this.atEndOfCheck(() => parent.kill());
    return parent;
  }
}
