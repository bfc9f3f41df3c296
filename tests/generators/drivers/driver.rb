require "json"
require "todo"

user = ARGV.first
tasks, health = Todo::TasksApi.new, Todo::HealthApi.new

def show(*values) = puts(values.to_json)

def failure(type)
  yield
rescue Todo::ApiError => error
  [error.code, type.build_from_hash(JSON.parse(error.response_body, symbolize_names: true))]
end

milk = tasks.create_task(user, Todo::TaskCreate.new(title: "Milk"), idempotency_key: "key")
show milk.title, milk.description, milk.completed
eggs = Todo::TaskCreate.new(title: "Eggs")
status, problem = failure(Todo::Problem) { tasks.create_task(user, eggs, idempotency_key: "key") }
show status, problem.type
bread = tasks.create_task(user, Todo::TaskCreate.new(title: "Bread", description: "Two")).id
update = ->(**fields) { Todo::TaskUpdate.new(fields) }
show tasks.update_task(user, bread, update.(title: "Rye")).description
show tasks.update_task(user, bread, update.(description: nil)).description
show tasks.replace_task(user, bread, update.(description: "Three")).description
toast = update.(title: "Toast")
status, problem = failure(Todo::PreconditionFailed) do
  tasks.update_task(user, bread, toast, if_match: '"another"')
end
show status, problem.current.title
_, _, headers = tasks.read_task_with_http_info(user, bread)
show tasks.update_task(user, bread, toast, if_match: headers["ETag"]).title
show tasks.complete_task(user, milk.id).completed
completion = Todo::TaskCompletion.new(completed: true)
show tasks.complete_task(user, milk.id, task_completion: completion).completed
show tasks.list_tasks(user).map(&:title)
tasks.head_list_tasks(user)
tasks.head_read_task(user, milk.id)
tasks.delete_task(user, bread)
show tasks.delete_tasks(user, true).deleted
health.check_liveness
health.head_check_liveness
health.check_readiness
health.head_check_readiness
