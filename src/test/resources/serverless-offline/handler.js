exports.hello = async (event, context) => ({hello: event.name, context: context.clientContext ?? null});

exports.boom = async () => {
  throw new TypeError('kaboom');
};

exports.nothing = async () => undefined;

exports.slow = () => new Promise((resolve) => setTimeout(resolve, 30000));
