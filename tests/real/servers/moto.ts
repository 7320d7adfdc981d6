import { join } from 'node:path';
import { answersHttp, Daemon, freePorts } from './daemon.ts';
import { startPassThrough } from './pass-through.ts';
import { type RealS3, stopAll } from './real-server.ts';

const validated = `<ValidateTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<ValidateTemplateResult><Parameters/><Capabilities/></ValidateTemplateResult></ValidateTemplateResponse>`;

/**
 * moto in server mode: many services of AWS, in memory. Its ValidateTemplate takes warnings of a linter for errors, such as
 * a DependsOn that says what a reference says already, which the deployment tool writes: here every template is valid, and
 * the stack itself has to show that it is.
 */
export const startMoto = async (folder: string): Promise<RealS3> => {
  const [port = 0] = await freePorts(1);
  const daemon = await Daemon.start('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    logFile: join(folder, 'moto.out'),
  });
  const backend = `http://127.0.0.1:${port}`;
  try {
    await daemon.ready(() => answersHttp(backend));
    const withoutContainers = JSON.stringify({ lambda: { use_docker: false } });
    await fetch(`${backend}/moto-api/config`, { method: 'POST', body: withoutContainers });
    const front = await startPassThrough(backend, {
      answer: (body) => (body.includes('Action=ValidateTemplate') ? validated : undefined),
    });
    return {
      endpoint: front.endpoint,
      region: 'us-east-1',
      accessKeyId: 'test',
      secretAccessKey: 'test',
      stop: () => stopAll([daemon, front]),
    };
  } catch (error) {
    await daemon.stop();
    throw error;
  }
};
