/* The proxy's JSON API. */

/** The answer's JSON, null for an empty one; throws an Error with the proxy's words. */
export async function api(path, method = 'GET', body = undefined, signal = undefined) {
  const response = await fetch(path, {
    method,
    headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: 'no-store',
    signal,
  });
  if (response.status === 401 || response.redirected) {
    location.assign('/login');
    throw new Error('The login has ended.');
  }
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({}));
    throw Object.assign(new Error(error ?? `the proxy answered ${response.status}`), { status: response.status });
  }
  return response.status === 204 ? null : response.json();
}

/** A page of calls without their payloads, newest first; empty at the end. */
export async function summaries(parameters, signal = undefined) {
  const query = new URLSearchParams({ fields: 'summary', limit: '1000' });
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') {
      query.set(name, value);
    }
  }
  return (await api(`/api/invocations?${query}`, 'GET', undefined, signal)).invocations;
}
