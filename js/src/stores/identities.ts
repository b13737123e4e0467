// What stores of the same state have in common, so that they count as one within a process.

/** Gives the same object for the same name: made of it, or an empty one. */
export function identitiesByName(make: (name: string) => object = () => ({})): (name: string) => object {
  const identities = new Map<string, object>();
  return (name) => {
    const identity = identities.get(name) ?? make(name);
    identities.set(name, identity);
    return identity;
  };
}

/** Gives the same object for the same name of the same owner; it lives no longer than the owner. */
export function identitiesOf(): (owner: object, name: string) => object {
  const owners = new WeakMap<object, (name: string) => object>();
  return (owner, name) => {
    const identities = owners.get(owner) ?? identitiesByName();
    owners.set(owner, identities);
    return identities(name);
  };
}
