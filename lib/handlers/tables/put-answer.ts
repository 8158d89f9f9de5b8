import { setTimeout as sleep } from 'node:timers/promises';

const attempts = 4;

/** PUTs an answer to the address that CloudFormation gave. Throws where it was not taken after several attempts. */
export async function putAnswer(url: string, body: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // The address is signed for requests without a content type.
      const response = await fetch(url, { method: 'PUT', body, headers: { 'content-type': '' } });
      if (response.ok) return;
      throw new Error(`CloudFormation answered ${response.status}`);
    } catch (error) {
      if (attempt >= attempts) throw error;
      await sleep(200 * 2 ** attempt);
    }
  }
}
