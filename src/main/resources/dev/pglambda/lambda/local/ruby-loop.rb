# Runs a Ruby function for Lambda's Runtime API (2018-06-01), with the standard library alone.
#
# Arguments: the handler, the file of its module or nothing, and the name of a method to take if the
# handler's is not there or nothing.
require 'json'
require 'net/http'

$stdout.sync = true
$stderr.sync = true

ROOT = '/2018-06-01/runtime'
host, port = ENV['AWS_LAMBDA_RUNTIME_API'].split(':')
API = Net::HTTP.new(host, port.to_i)
API.read_timeout = nil
API.keep_alive_timeout = 1_000_000

# Standard input is a pipe that closes when the proxy has ended.
pipe = $stdin.dup
$stdin.reopen(File::NULL)
Thread.new do
  pipe.read
  exit!(1)
end

Context = Struct.new(:aws_request_id, :invoked_function_arn, :deadline_ms, :client_context) do
  def function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
  def function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
  def memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
  def log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
  def log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
  def identity = nil
  def get_remaining_time_in_millis = [deadline_ms - (Time.now.to_f * 1000).to_i, 0].max
end

def post(path, body, error_type = nil)
  headers = { 'Content-Type' => 'application/json' }
  headers['Lambda-Runtime-Function-Error-Type'] = error_type if error_type
  API.post(ROOT + path, body, headers)
rescue SystemCallError, IOError
  exit!(1)
end

def fail_with(path, failure, type, kind)
  trace = (failure.backtrace || []).reject { |line| line.start_with?(__FILE__) }
  error = { 'errorMessage' => failure.message, 'errorType' => "#{kind}<#{type}>", 'stackTrace' => trace }
  warn "#{failure.class}: #{failure.message}\n\t#{trace.join("\n\t")}"
  post(path, JSON.generate(error), "Runtime.#{type}")
end

def load_handler(handler, file, otherwise)
  parts = handler.split('.')
  raise ArgumentError, "Invalid handler #{handler}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD" if parts.size < 2

  require(file.empty? ? File.join(ENV['LAMBDA_TASK_ROOT'], parts[0]) : file)
  target = parts[1..-2].inject(Object) { |scope, name| scope.const_get(name) }
  receiver = parts.size == 2 ? TOPLEVEL_BINDING.receiver : target
  name = [parts.last, otherwise].find { |each| !each.empty? && receiver.respond_to?(each, true) }
  raise NameError, "undefined method '#{parts.last}'" unless name

  ->(event, context) { receiver.send(name, event: event, context: context) }
end

def run(handler, response)
  id = response['Lambda-Runtime-Aws-Request-Id']
  ENV['_X_AMZN_TRACE_ID'] = response['Lambda-Runtime-Trace-Id']
  client_context = response['Lambda-Runtime-Client-Context']
  context = Context.new(id, response['Lambda-Runtime-Invoked-Function-Arn'],
                        response['Lambda-Runtime-Deadline-Ms'].to_i,
                        client_context && JSON.parse(client_context))
  begin
    reply = JSON.generate(handler.call(JSON.parse(response.body), context))
  rescue StandardError => e
    fail_with("/invocation/#{id}/error", e, e.class.name, 'Function')
    return
  end
  post("/invocation/#{id}/response", reply)
end

name, file, otherwise = (ARGV + ['', '', ''])[0, 3]
$LOAD_PATH.unshift(ENV['LAMBDA_TASK_ROOT'])
API.start
begin
  handler = load_handler(name, file, otherwise)
rescue LoadError, ScriptError, StandardError => e
  fail_with('/init/error', e, e.class.name, 'Init')
  exit!(1)
end
loop do
  run(handler, API.get("#{ROOT}/invocation/next"))
rescue SystemCallError, IOError
  exit!(1)
end
