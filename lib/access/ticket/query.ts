/** The name of the parameter that carries a ticket. */
export const ticketParameter = 'ticket';

const nameOf = (pair: string): string => {
  const name = pair.split('=', 1).join('');
  try {
    return decodeURIComponent(name);
  } catch {
    // A broken escape is not a way to spell it.
    return name;
  }
};

/**
 * A query without its tickets, and these. The rest stays as it was written; a ticket is taken out however its name is
 * spelled, so that none is ever hashed, kept or passed on.
 */
export const takeTickets = (
  query: string,
): { readonly query: string; readonly tickets: readonly string[] } => {
  if (query === '') return { query, tickets: [] };
  const pairs = query.split('&');
  const isTicket = (pair: string): boolean => nameOf(pair).toLowerCase() === ticketParameter;
  return {
    query: pairs.filter((pair) => !isTicket(pair)).join('&'),
    tickets: pairs.filter(isTicket).map((pair) => pair.slice(pair.indexOf('=') + 1)),
  };
};
