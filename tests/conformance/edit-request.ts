import type { Header, HttpRequest } from '../support/http/message.ts';

const isNamed = (name: string) => {
  const wanted = name.toLowerCase();
  return ([candidate]: Header) => candidate.toLowerCase() === wanted;
};

/** The request without a header. */
export function withoutHeader(request: HttpRequest, name: string): HttpRequest {
  const isWanted = isNamed(name);
  return { ...request, headers: request.headers.filter((header) => !isWanted(header)) };
}

/** The request with a header that has this value, in the place of the one it had or at the end. */
export function withHeader(request: HttpRequest, name: string, value: string): HttpRequest {
  const at = request.headers.findIndex(isNamed(name));
  const header: Header = [name, value];
  const headers = at < 0 ? [...request.headers, header] : request.headers.with(at, header);
  return { ...request, headers };
}

/** The request with one more header, also beside one of the same name. */
export function withAnotherHeader(request: HttpRequest, name: string, value: string): HttpRequest {
  return { ...request, headers: [...request.headers, [name, value]] };
}

/** The request with another body, its Content-Length left as it is. */
export function withBody(request: HttpRequest, body: Uint8Array): HttpRequest {
  return { ...request, body };
}
