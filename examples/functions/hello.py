def lambda_handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")  # log_type 'Tail' returns it
    return {"greeting": f"Hello {name}, from Python!"}
